# The app: Casks/tunekey-app.rb of the tap. The formula has the shorter name.
cask "tunekey-app" do
  arch arm: "aarch64", intel: "x86_64"

  version "@version@"
  sha256 arm:   "@sha256:TuneKey-@version@-aarch64.dmg@",
         intel: "@sha256:TuneKey-@version@-x86_64.dmg@"

  url "@homepage@/releases/download/v#{version}/TuneKey-#{version}-#{arch}.dmg"
  name "TuneKey"
  desc "Keeps your QQ Music and NetEase Cloud Music sign-ins fresh"
  homepage "@homepage@"

  livecheck do
    url :url
    strategy :github_latest
  end

  depends_on macos: ">= :big_sur"

  app "TuneKey.app"

  uninstall quit: "dev.tunekey.desktop"

  # Not the profile and not the keychain: what signs you in is yours, and is removed in the app.
  zap trash: [
    "~/Library/Caches/dev.tunekey.desktop",
    "~/Library/WebKit/dev.tunekey.desktop",
  ]
end
