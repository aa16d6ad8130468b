"""Small recurrent models that lstmviz itself makes: the samples', and those trained on a user's own text."""
