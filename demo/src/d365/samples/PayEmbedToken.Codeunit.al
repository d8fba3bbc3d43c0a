/// Business Central: makes the token the payment form is opened with.
/// The embed secret stands in isolated storage (DataScope::Company), never in a table.
codeunit 50100 "Pay Embed Token"
{
    Access = Public;

    /// A JWT signed with HS256: who pays, for five minutes, once.
    procedure Create(KeyId: Text; CustomerNo: Code[20]): Text
    var
        Header: JsonObject;
        Claims: JsonObject;
        NowS: BigInteger;
        Input: Text;
    begin
        NowS := Round((CurrentDateTime() - CreateDateTime(DMY2Date(1, 1, 1970), 0T)) / 1000, 1, '<');
        Header.Add('alg', 'HS256');
        Header.Add('typ', 'JWT');
        Claims.Add('iss', KeyId);
        Claims.Add('aud', 'pay');
        Claims.Add('sub', CustomerNo);
        Claims.Add('iat', NowS);
        Claims.Add('exp', NowS + 300);
        Claims.Add('jti', LowerCase(DelChr(CreateGuid(), '=', '{}')));
        Input := Segment(Header) + '.' + Segment(Claims);
        exit(Input + '.' + Sign(Input));
    end;

    local procedure Sign(Input: Text): Text
    var
        Cryptography: Codeunit "Cryptography Management";
        HashAlgorithm: Option HMACMD5,HMACSHA1,HMACSHA256,HMACSHA384,HMACSHA512;
        Secret: SecretText;
    begin
        if not IsolatedStorage.Get('PayEmbedSecret', DataScope::Company, Secret) then
            Error('Store the embed secret first.');
        // Standard base64: the token wants base64url.
        exit(UrlSafe(Cryptography.GenerateHashAsBase64String(Input, Secret, HashAlgorithm::HMACSHA256)));
    end;

    local procedure Segment(Value: JsonObject): Text
    var
        Base64: Codeunit "Base64 Convert";
        Json: Text;
    begin
        Value.WriteTo(Json);
        exit(UrlSafe(Base64.ToBase64(Json)));
    end;

    local procedure UrlSafe(Base64: Text): Text
    begin
        exit(DelChr(ConvertStr(Base64, '+/', '-_'), '=', '='));
    end;
}
