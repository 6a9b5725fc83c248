"""What a layer tells of classes: discriminants fitted on other rows than they map, and decoders of them."""
