"""The real programs that judge the rendered files, and how each is had."""
