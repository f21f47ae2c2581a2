"""What the page does when it is used: sort and filter the cases, and open pictures larger. Reading needs none of it."""

SCRIPT = """
"use strict";
(() => {
  const list = document.getElementById("cases");
  if (!list) return;
  const cases = Array.from(list.querySelectorAll(".case"), (element) => ({
    element,
    index: Number(element.dataset.index),
    condition: element.dataset.condition,
    scores: JSON.parse(element.dataset.scores),
  }));
  const control = (name) => document.getElementById(name);
  const [method, measure, order, condition, shown] =
    ["method", "measure", "order", "condition", "shown"].map(control);

  const score = (one) => {
    const value = one.scores[method.value]?.[measure.value];
    return value === null || value === undefined ? NaN : value;
  };

  const arrange = () => {
    const better = measure.selectedOptions[0]?.dataset.better;
    order.options[1].text = better ? "worst first" : "lowest first";
    order.options[2].text = better ? "best first" : "highest first";
    const sign = (better === "lower" ? -1 : 1) * (order.value === "best" ? -1 : 1);
    const sorted = cases.slice();
    if (order.value !== "listed") {
      sorted.sort((a, b) => {
        const [x, y] = [score(a), score(b)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.index - b.index;
        return x === y ? a.index - b.index : sign * (x < y ? -1 : 1);
      });
    }
    let n = 0;
    for (const one of sorted) {
      one.element.hidden = condition.value !== "" && one.condition !== condition.value;
      n += one.element.hidden ? 0 : 1;
    }
    list.append(...sorted.map((one) => one.element));
    shown.textContent = `${n} of ${cases.length} shown`;
  };

  // Only what some case has can be sorted by: measures of whole sets are in no case.
  for (const option of Array.from(measure.options)) {
    const column = Number(option.value);
    if (!cases.some((one) => one.scores.some((row) => row[column] !== null))) option.remove();
  }
  const used = new Set(cases.map((one) => one.condition));
  for (const option of Array.from(condition.options)) {
    if (option.value !== "" && !used.has(option.value)) option.remove();
  }
  for (const one of [method, measure]) {
    one.addEventListener("change", () => {
      if (order.value === "listed") order.value = "worst";
      arrange();
    });
  }
  for (const one of [order, condition]) one.addEventListener("change", arrange);
  for (const part of document.querySelectorAll(".tools [hidden]")) part.hidden = false;
  arrange();

  const viewer = document.getElementById("viewer");
  const [picture, caption] = [viewer.querySelector("img"), viewer.querySelector("figcaption")];
  let open = [];
  let at = 0;

  const show = (step) => {
    at = (at + step + open.length) % open.length;
    const image = open[at].querySelector("img");
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const scale = Math.min((0.94 * innerWidth - 40) / width, (0.94 * innerHeight - 150) / height);
    picture.src = image.src;
    picture.alt = image.alt;
    picture.width = Math.max(1, Math.floor(width * scale));
    picture.height = Math.max(1, Math.floor(height * scale));
    const title = open[at].closest(".case").querySelector("h3").textContent;
    caption.textContent = `${open[at].dataset.name} (${at + 1} of ${open.length}): ${title}`;
  };

  list.addEventListener("click", (event) => {
    const pressed = event.target.closest(".zoom");
    if (!pressed) return;
    const all = pressed.closest(".case").querySelectorAll(".zoom");
    open = Array.from(all).filter((one) => one.offsetParent !== null);
    at = open.indexOf(pressed);
    show(0);
    viewer.showModal();
  });
  viewer.addEventListener("click", (event) => {
    const step = event.target.dataset.step;
    if (step) show(Number(step));
    if (event.target === viewer || event.target.dataset.close) viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      show(step);
    }
  });
})();
"""
