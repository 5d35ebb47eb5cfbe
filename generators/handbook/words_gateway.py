"""Phrases of the access page and of the Gateway's part of the install pages: English, Japanese."""

from __future__ import annotations

GATEWAY: dict[str, tuple[str, str]] = {
    # The access page.
    "access": ("Who reaches what", "アクセス制御"),
    "access_intro": (
        (
            "What each Gateway lets through. The address comes first: who comes from elsewhere gets 403. Then the "
            "log-in: without one 401, with an account that is not named here 403. Every other name and path is refused."
        ),
        (
            "各 Gateway が通すものの一覧です。まず接続元のアドレスを調べ、一覧にない場合は 403 を返します。"
            "次にログインを求め、ログインがない場合は 401、一覧にないアカウントの場合は 403 を返します。"
            "これ以外の名前とパスは、すべて拒否します。"
        ),
    ),
    "access_url": ("Address", "アドレス"),
    "access_from": ("From", "接続元"),
    "access_login": ("Log-in", "ログイン"),
    "client_network": ("{client}", "{client}"),
    "client_host": ("host {client} ({ranges})", "ホスト {client}（{ranges}）"),
    "client_wsl": ("WSL of this host ({ranges})", "このホストの WSL（{ranges}）"),
    "client_loopback": ("this host itself", "このホスト自身"),
    "client_everybody": ("everybody", "すべて"),
    "login_none": ("none", "不要"),
    "login_account": ("{accounts}", "{accounts}"),
    "login_members": ("none; who comes by the VPN: {accounts}", "不要（VPN からは {accounts}）"),
    "login_token": ("token", "トークン"),
    "login_token_from_elsewhere": ("token; none on the host itself", "トークン（そのホスト自身からは不要）"),
    "other_names": ("any name", "任意の名前"),
    "accounts": ("Accounts", "アカウント"),
    "account": ("Account", "アカウント"),
    "role": ("Role in Grafana", "Grafana での役割"),
    "role_admin": (
        "Admin, from {networks}; Editor from elsewhere",
        "Admin（{networks} から）、それ以外の接続元からは Editor",
    ),
    "role_editor": ("Editor", "Editor"),
    "role_viewer": ("Viewer", "Viewer"),
    "accounts_intro": (
        (
            "A password that the Gateway asked for goes no further: the workload gets the name in `X-WEBAUTH-USER`. So "
            "a member of the VPN cannot log in to a workload with a second name and password of the same kind (Basic), "
            "as `git` does over HTTPS; a workload that takes the name from that header needs no second one."
        ),
        (
            "Gateway が求めたパスワードは、その先には渡しません。ワークロードには名前だけを `X-WEBAUTH-USER` "
            "で渡します。そのため VPN 経由では、HTTPS の `git` のように、同じ方式（Basic 認証）で別の名前と"
            "パスワードをワークロードに送ることはできません。このヘッダーの名前を受け入れるワークロードなら、"
            "二度目のログインは不要です。"
        ),
    ),
    # The Gateway's part of the install page.
    "gateway": ("7. Gateway", "7. Gateway"),
    "gateway_intro": (
        (
            "nginx comes with Flatnet, its configuration from here; its service runs as `LocalService`. All of this is "
            "typed in PowerShell but what says WSL."
        ),
        (
            "nginx は Flatnet に含まれており、その設定はこのリポジトリのものを使います。サービスは `LocalService` "
            "として動きます。WSL と書かれたもの以外は、PowerShell で実行します。"
        ),
    ),
    "gateway_accounts": ("Accounts", "アカウント"),
    "gateway_accounts_intro": (
        (
            "Once for each of {accounts}; again to change a password. nginx for Windows checks apr1 hashes; what it "
            "does not know, bcrypt too, it takes for the password itself: the last line names every entry that is none."
        ),
        (
            "{accounts} のそれぞれについて一度ずつ実行します。パスワードの変更にも使います。Windows 版の nginx "
            "が検証できるのは apr1 ハッシュです。bcrypt を含む未知の形式は、"
            "その文字列そのものがパスワードとして扱われます。最後の行は、"
            "apr1 でないエントリを表示します（何も表示されなければ正常です）。"
        ),
    ),
    "gateway_certificate": ("Certificate", "証明書"),
    "certificate_own": (
        (
            "**WSL**: the CA that was made with the secrets signs it, now and at each renewal, which a timer does "
            "{time} before the end. The CA's certificate ({ca}) must be trusted by this PC and by those of all users: "
            "the second line copies it to where Windows sees it. Give this file to them by group policy, or copy it to "
            "each and import it there with the second block."
        ),
        (
            "**WSL**：秘密情報の手順で作った CA が署名します。更新は期限の {time}前にタイマーが行います。CA の証明書"
            "（{ca}）は、この PC と利用者の PC に信頼させる必要があります。2 行目で Windows から見える場所に"
            "コピーします。このファイルをグループポリシーで配布するか、各 PC にコピーして二つ目のブロックを"
            "実行します。"
        ),
    ),
    "certificate_company": (
        (
            "**WSL**: make a key and a request with every name, send what is printed to the company's CA, and install "
            "its answer (PEM, the certificate first, then what leads to the CA). It is checked before it is installed. "
            "{time} before the end a timer makes the next request, and an alert asks for it to be sent."
        ),
        (
            "**WSL**：秘密鍵とすべての名前を含む証明書署名要求を作り、表示された内容を社内の CA に送ります。"
            "返ってきた証明書（PEM。サーバー証明書、中間証明書の順）を二つ目のコマンドでインストールします。"
            "内容は検査してから配置されます。期限の {time}前になると、タイマーが次の要求を作り、"
            "送付を促すアラートが発報します。"
        ),
    ),
    "certificate_key": (
        "The key lies at {path}; the service, Administrators, and {account}, which renews it, may read it.",
        "秘密鍵は {path} に置かれます。読めるのはサービス、管理者、更新を行う {account} だけです。",
    ),
    "gateway_include": ("Configuration", "設定"),
    "gateway_include_intro": (
        (
            "A host that has no `nginx.conf` of its own takes ours: the second block puts it there, and later, when "
            "ours has changed, the new one. Otherwise put the one line below into `http` of "
            "{conf}, and take out the lines that include `conf.d/flatnet.conf` and `conf.d/forgejo.conf`, and the "
            "`server` that listens on port {port} there: they lead to containers past these rules. Outside of `http`, "
            "write `worker_shutdown_timeout 20s;`: without it an open WebSocket holds up a stop, and a reload leaves "
            "workers that write into rotated logs."
        ),
        (
            "`nginx.conf` がまだないホストでは、こちらのものを使います。二つ目のブロックで配置し、"
            "内容が変わったときも同じブロックで更新します。独自のものがすでにある場合は、{conf} の `http` "
            "に次の 1 行を加え、`conf.d/flatnet.conf` と `conf.d/forgejo.conf` の include と、"
            "ポート {port} で待ち受ける `server` を削除します。これらは、"
            "このアクセス制御を通らずにコンテナへ到達できるためです。"
            "また `http` の外に `worker_shutdown_timeout 20s;` を書きます。"
            "これがないと、開いたままの WebSocket が停止を妨げ、"
            "リロード後も古いワーカーがローテーション済みのログに書き続けます。"
        ),
    ),
    "gateway_service": ("Service", "サービス"),
    "gateway_service_intro": (
        (
            "nginx reads everything once, as a test; then WinSW, downloaded as `WinSW-x64.exe`, is put beside its "
            "description and made a service. The answers are `test is successful` and `OK`."
        ),
        (
            "まず nginx に設定を読ませて検査し、続いて `WinSW-x64.exe`（ダウンロード済み）を設定ファイルの隣に置き、"
            "サービスとして登録します。`test is successful` と `OK` が表示されれば成功です。"
        ),
    ),
    "gateway_reload": (
        (
            "After a change of these files: only `LocalService` can signal the running nginx, so the task that loads a "
            "new certificate does it, within a second, after a test. No connection is dropped."
        ),
        (
            "これらのファイルを変更した後の再読み込みです。動作中の nginx に指示できるのは `LocalService` "
            "だけなので、証明書を読み込むタスクに実行させます。検査の後、接続を切らずに読み込まれます。"
        ),
    ),
    "make_authority": (
        "Run it. It makes the CA, key and certificate, unless they are there.",
        "実行すると CA の秘密鍵と証明書を作ります。すでにある場合は変更しません。",
    ),
}
