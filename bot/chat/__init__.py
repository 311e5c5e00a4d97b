"""Platforms: card in, message out."""
