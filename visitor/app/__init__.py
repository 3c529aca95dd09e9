"""The composition: the only room that knows every other."""
