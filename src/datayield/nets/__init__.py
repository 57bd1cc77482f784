"""Networks: encoders with one interface, and the heads of the objectives."""
