"""Read: how a drawing, a picture or a row of features becomes a reading, step by step."""
