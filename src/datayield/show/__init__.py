"""A page that shows the images of a study or dataset: samples, views, copies, unused files."""

from datayield.show.page import SAMPLE, image_page, pictures_of_dataset, pictures_of_study

__all__ = ["SAMPLE", "image_page", "pictures_of_dataset", "pictures_of_study"]
