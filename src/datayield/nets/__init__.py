"""Networks: encoders behind one face, and the heads that objectives put on them."""
