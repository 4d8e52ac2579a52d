"""What the sender meant: octets → Message (`parse.py`), forwards unwrapped (`forward.py`)."""
