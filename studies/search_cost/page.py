def write_page(data):
    pass
