"""How the machine itself is: power, heat, load, memory, network, cards, programs."""
