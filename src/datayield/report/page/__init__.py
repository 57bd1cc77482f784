"""The page: the values and tables that the template report/html/template.html lays out."""
