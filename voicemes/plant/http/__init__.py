"""The plant over HTTP: routes, and what is checked before and after them."""
