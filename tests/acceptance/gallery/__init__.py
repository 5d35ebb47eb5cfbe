"""Pictures of the dashboards for reviewers: drawn from the rendered JSON and from what the running servers answer."""
