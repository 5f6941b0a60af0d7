#!/bin/sh
# Words that reach a person without going through the catalogue: in a call that shows text, a literal outside _() and
# N_() that still has a word once conversions and escapes are taken out. usage: strings.sh FILE...
exec perl -ne '
    if (/(error_set|application_say|canvas_(?:text|text_right|format|paragraph)|fprintf)\([^"]*"((?:[^"\\]|\\.)*)"/ && $` . $& !~ /\b_\(\s*"|N_\(\s*"/) {
        my $text = $2;
        $text =~ s/%[-+ 0-9.*#]*(?:hh|ll|[hlzj])?[a-zA-Z]//g;
        $text =~ s/\\[a-z0-9]+//g;
        $text =~ s/doorstep|NEWS2//g;
        if ($text =~ /[A-Za-z]{3,}/) { print "$ARGV:$.: reaches a person untranslated: $2\n"; $bad = 1 }
    }
    close ARGV if eof;
    END { exit($bad ? 1 : 0) }
' "$@"
