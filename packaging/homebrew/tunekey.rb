# The command line, built from source: Formula/tunekey.rb of the tap.
class Tunekey < Formula
  desc "Keeps QQ Music and NetEase Cloud Music sign-ins fresh, on the command-line"
  homepage "@homepage@"
  url "@homepage@/releases/download/v@version@/tunekey-@version@.tar.gz"
  sha256 "@sha256:tunekey-@version@.tar.gz@"
  license any_of: ["MIT", "Apache-2.0"]

  livecheck do
    url :stable
    strategy :github_latest
  end

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "cli")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/tunekey --version")
    # Nothing is there that could be shown: no such account.
    assert_match "not_found", shell_output("#{bin}/tunekey --profile #{testpath}/profile --json show qqmusic:0", 3)
  end
end
