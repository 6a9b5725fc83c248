"""infoplane: what information each layer of a network carries while it trains.

The library knows arrays and modules. It knows no DVC, no Hydra and no paths; only `store` knows file names.
Every quantity of information is in bits, and a name that holds one says so (`mi_bits`).
"""
