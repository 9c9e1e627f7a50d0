"""Services with more endpoints than a fresh project has; each module is copied into a project and served there."""
