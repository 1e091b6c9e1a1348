"""From a multi-attribute label file to a checked, honestly scored submission."""
