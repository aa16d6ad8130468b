"""The page: a thin Dash app over the dump and the match engine; the modules in ``assets/page`` draw what moves."""
