"""Published two-stage inpainting nets and their layers."""
