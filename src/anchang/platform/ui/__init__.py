"""What people see: value formats, components and the pages made from resources."""
