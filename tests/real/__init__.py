"""Real programs that tests talk to: started on loopback, ended by process id, waited for with a bound."""
