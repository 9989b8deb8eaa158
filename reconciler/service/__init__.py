"""
The daemon: what systemd starts.

    daemon.py    signals, start, reload, stop; the exit code
    threads.py   one thread per desk: own it, walk what is due, wait to be told
    ticks.py     everything periodic, on APScheduler
"""
