# Perl's Mail::IMAPClient against a running instance; prints what it saw, one "name: value" a line.
# usage: imapclient.pl PORT USER PASSWORD CERTIFICATE
use strict;
use warnings;
use IO::Socket::SSL;
use Mail::IMAPClient;
use Mail::IMAPClient::BodyStructure;

my ($port, $user, $password, $certificate) = @ARGV;
my $socket = IO::Socket::SSL->new(PeerAddr => "localhost:$port", SSL_ca_file => $certificate, SSL_verifycn_name => "localhost")
  or die "connect: $IO::Socket::SSL::SSL_ERROR";
my $imap = Mail::IMAPClient->new(Socket => $socket, User => $user, Password => $password, Uid => 1, Peek => 1, Ignoresizeerrors => 0)
  or die "login: $@";
sub must {
    my ($what, $value) = @_;
    die "$what: " . ($imap->LastError // "?") unless defined $value;
    return $value;
}
# The methods return lists, or references in scalar context: nothing is an error.
sub all_of {
    my ($what, @arguments) = @_;
    return @{ must($what, scalar $imap->$what(@arguments)) };
}
sub show { print shift, ": ", join(" ", @_), "\n" }

show("folders", sort(all_of("folders")));
show("delimiter", must("separator", $imap->separator));
must("select", $imap->select("INBOX"));
my @uids = all_of("messages");
show("uids", @uids);
show("unseen", all_of("unseen"));
my $headers = must("parse_headers", $imap->parse_headers(\@uids, "Subject", "Message-ID"));
show("subject $_", $headers->{$_}{Subject}[0]) for @uids;
show("size $_", must("size", $imap->size($_))) for @uids;
my $structure = must("bodystructure", $imap->get_bodystructure($uids[1]));
show("parts", $structure->parts);
show("type", lc($structure->bodytype), lc($structure->bodysubtype));
my $envelope = must("envelope", $imap->get_envelope($uids[0]));
show("from", $envelope->from_addresses);
my $text = must("message_string", $imap->message_string($uids[0]));
show("octets", length $text);
show("new", must("append", $imap->append_string("INBOX", "Subject: from perl\r\n\r\nHello.\r\n", '\Flagged')));
my ($new) = all_of("search", 'SUBJECT', "from perl");
show("found", $new);
must("see", $imap->see($new));
show("flags", sort grep { $_ ne '\Recent' } all_of("flags", $new));
must("create", $imap->create("Perl/here"));
show("copied", must("copy", $imap->copy("Perl/here", $uids[0])));
show("moved", must("move", $imap->move("Perl/here", $new)));
must("expunge", $imap->expunge);
show("sorted", all_of("sort", "REVERSE SIZE", "UTF-8", "ALL"));
show("threads", scalar(all_of("thread", "REFERENCES", "UTF-8", "ALL")));
show("count", must("message_count", $imap->message_count("Perl/here")));
must("idle", my $tag = $imap->idle);
must("done", $imap->done($tag));
show("status", must("status", $imap->unseen_count("INBOX")) + 0);
must("close", $imap->close);
must("delete", $imap->delete("Perl/here"));
show("bye", $imap->logout ? "yes" : "no");
