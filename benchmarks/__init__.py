"""How fast the product is, side by side with the limit: writing the same bytes."""
