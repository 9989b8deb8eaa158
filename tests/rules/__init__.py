"""The rules that decide, sentence by sentence: one module a rule, one test or more a sentence."""
