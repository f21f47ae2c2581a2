"""One file for each paper: which networks it trains, and what one step does with a batch."""
