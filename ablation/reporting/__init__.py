"""From the runs to what people read: tables, figures, captions and the page."""
