"""What is measured: each module gives its figures by `measure(folder, *, quick)`; a new one needs no line elsewhere."""
