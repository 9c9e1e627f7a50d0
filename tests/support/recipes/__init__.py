"""Tests of recipes: each module is copied into a project that has followed the recipe."""
