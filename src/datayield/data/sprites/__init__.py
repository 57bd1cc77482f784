"""The procedural dataset `sprites`: scenes, objects, shapes and how they are drawn."""
