"""The page: a thin Dash app over the dump and the match engine; what moves in it is drawn by ``assets/page``."""
