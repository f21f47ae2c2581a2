"""How it is judged: protocols, measures, published figures."""
