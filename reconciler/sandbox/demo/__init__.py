"""
The demo: a story of payments told live on embedded servers, with the real daemon, ending in a proof.

    play.py      the whole of it, from the first line to the exit code
    pace.py      fast or readable: which settings are shorter than in service
    scenes.py    the story
    watch.py     what Planfix was asked, in words
    screen.py    what is printed
"""
