"""The node among others: its public log, and the logs of its peers, each verified here."""
