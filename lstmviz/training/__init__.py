"""Small recurrent models that lstmviz itself makes: the samples', and those trained on a person's own text."""
