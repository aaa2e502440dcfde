"""The processes that serve a city: a parent that only watches, and workers that answer on the socket it holds.

`parent` starts `preparation` and the workers, which are `child`; it imports nothing of what they serve, so that it
stays small and starts at once. `pipelines.serve` is the way in.
"""
