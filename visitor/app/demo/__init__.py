"""A made-up house to look around in: sites, staff, six weeks of visits, all made by the product's own operations."""
