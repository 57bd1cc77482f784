"""The procedural dataset `sprites`: scenes, objects, shapes and rendering."""
