"""Rules in the words of a register file, evaluated without trusting them."""

from sdi.expression.expression import Expression, parse

__all__ = ["Expression", "parse"]
