"""The commands of ``phusa``, by theme: each module adds its own to the parser and runs them."""
