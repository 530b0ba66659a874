"""voicemes: operators talk to the factory's MES.

Five shelves, imports only go down: faces (cli) - runtime - edges (engines, connectors) - thought (nlu, dialogue,
endpoint, respond) - words (model, events, ports, errors, clock, config, intents, numbers). `tests/test_architecture.py`
keeps it so.
"""

__version__ = "0.1.0"
