"""What is copied into a project for a test: endpoints that a fresh one lacks, and tests too slow for its own suite."""
