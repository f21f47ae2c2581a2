"""What a person asks for, as pipelines of masks and methods: an object removed, a photograph repaired."""
