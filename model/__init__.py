"""What a deployment of Flatnet is. Imports nothing else of this project."""
