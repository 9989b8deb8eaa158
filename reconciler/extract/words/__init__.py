"""What a letter says happened, by the words it says it with."""
