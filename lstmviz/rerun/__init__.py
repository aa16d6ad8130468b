"""What the model beside a dump does with a text of one's own."""
